"""Context dependence: does the state tell which word a shared part belongs to?"""
