"""Recipes: what can be trained, by name, and how. Nothing heavy is imported here."""

from kaggle_digits.recipes.catalogue import DEFAULT, RECIPES, get
from kaggle_digits.recipes.recipe import Committee, Distortions, Expected, Fit, Precision, Recipe, Schedule
from kaggle_digits.recipes.records import from_json

__all__ = [
    "DEFAULT",
    "RECIPES",
    "Committee",
    "Distortions",
    "Expected",
    "Fit",
    "Precision",
    "Recipe",
    "Schedule",
    "from_json",
    "get",
]
