"""The bundle: manifest, writing, reading as a folder or a strict ZIP, verification."""
