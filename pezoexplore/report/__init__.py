"""Presentation of results: tables on the terminal, Markdown, plots, the HTML page."""
