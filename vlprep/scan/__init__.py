"""Scan many files: rows from any source, worker processes, a journal, a table and its summary."""
