"""An import of files that is killed again and again while the episodes go on."""
