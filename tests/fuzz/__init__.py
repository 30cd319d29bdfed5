"""Programs that look for hours where the tests look for seconds; run by hand, with a seed."""
