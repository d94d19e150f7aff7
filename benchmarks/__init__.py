"""Benchmarks of the real services on a real server; see README.md here for what they do not show."""
