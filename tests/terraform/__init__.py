"""Tests of the terraform room; a package, so that its helpers can be imported by name."""
