"""Charts drawn when the site is built, without any library: they cost a page next to nothing.

A drawing fills a box of 1000 by 1000 that the page stretches; lines keep their width, dots stay
round, and what is written stands beside it as text of the page. Colours are the page's own.
"""
