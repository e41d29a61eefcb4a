"""The drills, a module each: `ENGINES` that it concerns, and `run(drill)`. Its docstring is its help."""
