"""Videos through PyAV, the only place that imports it: header facts, packet scans, frames."""
