"""Pages for a browser: each one file, written from the .html, .css and .js files here."""
