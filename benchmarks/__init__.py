"""Speed as ratios: each figure against something run in the same minute on the same machine."""
