"""What a model makes of a size or a clip: tokens, budgets, explanations. Numbers only, no files."""
