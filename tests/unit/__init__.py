"""Tests of functions and classes in the test process."""
