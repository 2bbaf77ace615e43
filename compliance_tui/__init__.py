"""Walk a lab through voluntary, versioned cybersecurity standards; export evidence that anybody can verify."""

__version__ = "0.1.0"
