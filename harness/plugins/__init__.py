"""Plugins of others: files that are loaded, and calls whose errors name them."""
