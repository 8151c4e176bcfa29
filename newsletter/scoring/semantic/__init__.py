"""Turns texts into vectors by a small sentence model on this machine. Needs the extra `semantic`, and no network.

`minilm.py` runs the model, `wordpiece.py` cuts texts into its pieces. `ranking/` says what the vectors are good for.
"""
