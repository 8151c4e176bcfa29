"""The web part: one blueprint for each concern."""
