"""Lets the shipped cases explain their failed assertions as tests do."""

import pytest

pytest.register_assert_rewrite("adapters.conformance")
