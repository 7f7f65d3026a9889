"""What is needed inside of an image build: installers of the locked packages and jars."""
