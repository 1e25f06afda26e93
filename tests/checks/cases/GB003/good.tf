variable "networks" {
  default = { app = "10.1.0.0/16" }
}
resource "aws_vpc" "main" {
  cidr_block = "10.0.0.0/16"
}
resource "aws_vpc" "other" {
  cidr_block = "10.0.0.0/16"
}
resource "aws_subnet" "a" {
  vpc_id     = aws_vpc.main.id
  cidr_block = "10.0.0.0/24"
}
resource "aws_subnet" "next_to_a" {
  vpc_id     = aws_vpc.main.id
  cidr_block = "10.0.1.0/24"
}
# The same range in another VPC.
resource "aws_subnet" "other" {
  vpc_id     = aws_vpc.other.id
  cidr_block = "10.0.0.0/24"
}
# Known for each of them only at plan time.
resource "aws_subnet" "many" {
  count      = 3
  vpc_id     = aws_vpc.main.id
  cidr_block = cidrsubnet(aws_vpc.main.cidr_block, 8, count.index)
}
