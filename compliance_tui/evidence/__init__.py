"""Evidence: its kinds as data, readers that turn files into facts, the content-addressed store."""
