"""Tests that start the programs as a user does."""
