"""The TeX of arXiv's metadata: as text for mails and scorers, as MathML for pages."""
