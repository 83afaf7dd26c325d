"""The add-in for Excel on Mac, web and Windows: custom functions in JavaScript, static files and nothing else."""
