"""The best settings under a budget, how many files fit, and splitting into requests."""
