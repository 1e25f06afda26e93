#!/bin/sh
API_KEY=$(aws ssm get-parameter --name /scv/key)
export API_KEY
