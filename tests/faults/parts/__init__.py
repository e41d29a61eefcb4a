"""What the drills share: where they run, the load and what it knows, the report."""
