"""Third-party plugins: registered by name, loaded from files, and called so that errors name them."""
