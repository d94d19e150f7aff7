"""What is done to a desk by hand, from a shell or a browser: orders, their course, and closing everything."""
