"""HTTP: the JSON API for admins, its description, and pages."""
