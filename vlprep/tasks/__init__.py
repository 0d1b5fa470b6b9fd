"""One thing a user wants done, on files: probe, ask the rules, report."""
