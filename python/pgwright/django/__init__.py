"""`manage.py pgwright …` for projects that have `pgwright.django` among their INSTALLED_APPS."""
