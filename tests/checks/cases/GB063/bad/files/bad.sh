#!/bin/sh
export API_KEY="0123456789abcdef"
