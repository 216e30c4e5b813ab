"""How lit runs the GoogleTest programs: those named *-tests beside the tools. Each of their cases counts as a test."""

import os

import lit.formats

config.name = "resnet-unit"
config.test_format = lit.formats.GoogleTest(".", "-tests")
config.test_source_root = config.tools_dir
config.test_exec_root = config.tools_dir
config.environment["XDG_CACHE_HOME"] = os.path.join(config.build_root, "test", "cache")
