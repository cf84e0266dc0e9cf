"""The recipes that come with the package: each a file of the form that one's own has."""
