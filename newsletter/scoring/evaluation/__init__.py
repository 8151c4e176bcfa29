"""Measures rankers and funnels on labelled announcement days. No part of a morning."""
