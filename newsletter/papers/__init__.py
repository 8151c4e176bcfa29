"""What is known of a paper before any reader is: announcements, categories, authors, links, citations, TeX as text.

Fetches nothing (sources/) and judges nothing (scoring/).
"""
