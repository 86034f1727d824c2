"""Third-party plugins: loading their files, and calling them so that errors name them."""
