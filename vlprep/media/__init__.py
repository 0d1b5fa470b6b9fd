"""Files to facts: open, recognise and probe media. Knows no model."""
