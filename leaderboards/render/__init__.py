"""Leaderboards as text: Markdown for people, CSV for spreadsheets, JSON for programs."""
