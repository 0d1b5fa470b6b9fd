"""What is written: pictures in memory, files and folders that appear whole or not at all."""
