resource "aws_vpc" "main" {
  cidr_block = "10.0.0.0/16"
}
resource "aws_subnet" "a" {
  vpc_id     = aws_vpc.main.id
  cidr_block = "10.0.0.0/24"
}
resource "aws_subnet" "many" {
  for_each   = toset(["10.0.1.0/24", "10.0.2.0/24"])
  vpc_id     = aws_vpc.main.id
  cidr_block = each.value
}
resource "aws_route_table" "app" {
  vpc_id = aws_vpc.main.id
}
resource "aws_route_table_association" "a" {
  subnet_id      = aws_subnet.a.id
  route_table_id = aws_route_table.app.id
}
resource "aws_route_table_association" "many" {
  for_each       = aws_subnet.many
  subnet_id      = each.value.id
  route_table_id = aws_route_table.app.id
}
# Here the main table is managed: falling back to it is meant.
resource "aws_vpc" "lab" {
  cidr_block = "10.9.0.0/16"
}
resource "aws_default_route_table" "lab" {
  default_route_table_id = aws_vpc.lab.default_route_table_id
}
resource "aws_subnet" "lab" {
  vpc_id     = aws_vpc.lab.id
  cidr_block = "10.9.0.0/24"
}
