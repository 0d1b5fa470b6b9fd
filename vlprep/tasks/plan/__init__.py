"""The settings with which files fit a budget: probe, ask the rules, report, draw."""
