"""later"""
ENGINES=()
