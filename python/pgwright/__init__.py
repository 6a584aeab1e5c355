"""The PostgreSQL architect for Django. The program itself is a binary: `python -m pgwright` runs it."""
