"""What images and videos cost in tokens: pixels, frames, prices, the budget, and why."""
