"""Cards of schema 2.0 as the platform checks them: every tag, every property, every limit (feishu.md §4).

2.0 refuses unknown tags and properties, so what these types do not name does not exist.
"""
