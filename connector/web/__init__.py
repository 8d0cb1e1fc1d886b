"""The web application for people: pages on loopback, served beside the service or alone.

A page is one module in `pages`, its templates, and one entry in `pages.PAGES`. It is handed everything through `House`.
"""
