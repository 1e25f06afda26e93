"""The checks themselves, a small file per family. A new check is one function here and a case folder in the tests."""
