"""The archive: every digest that left, as pages, files and a feed, for the web part and for a folder of files.

`editions.py` says which digests there are, `pages.py` fills the templates, `month.py`, `charts.py` and `search.py`
are pure and know no page; `export.py` writes files. What is kept of a digest is run/digest.py's business.
"""
