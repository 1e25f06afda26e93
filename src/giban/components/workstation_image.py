"""The Packer template of a workstation's image: it bakes what the first boot would otherwise download and install.

`packer/plugins.pkr.hcl` stands alone because Debian's Packer (1.6.6, the last one under a free licence that Debian carries)
has the Amazon builder built in and does not know the block; validate and build the template itself with it, or the folder
with a newer Packer.
"""

from __future__ import annotations

from giban.blueprint.types_workstations import sizes_of
from giban.components.environment import Environment
from giban.components.images import debian_architecture
from giban.components.workstation_boot import FOLDER
from giban.components.workstation_parts import workstation

CANONICAL = "099720109477"
"""The account that publishes Ubuntu (https://documentation.ubuntu.com/aws/aws-how-to/instances/find-ubuntu-images/)."""

PLUGINS = """\
# Packer 1.7 and newer: `packer init packer`. Debian's 1.6.6 has the builder built in; give it dev.pkr.hcl and the like alone.
packer {
  required_plugins {
    amazon = {
      source  = "github.com/hashicorp/amazon"
      version = ">= 1.3.0, < 2.0.0"
    }
  }
}
"""

TEMPLATE = """\
# An image of the workstation `@NAME@` with everything its first boot would install:
#   packer build packer/@NAME@.pkr.hcl          from the folder above this one
# then `image: baked` in the blueprint; the newest image with the tag giban:image = @TAG@ is taken at the next rebuild.

source "amazon-ebs" "@LABEL@" {
  region                      = "@REGION@"
  instance_type               = "@SIZE@"
  ami_name                    = "@PREFIX@-@NAME@-{{timestamp}}"
  ami_description             = "@PREFIX@: workstation @NAME@"
  ssh_username                = "ubuntu"
  encrypt_boot                = true
  associate_public_ip_address = true

  source_ami_filter {
    owners      = ["@CANONICAL@"]
    most_recent = true
    filters = {
      name                = "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-@ARCH@-server-*"
      root-device-type    = "ebs"
      virtualization-type = "hvm"
    }
  }

  launch_block_device_mappings {
    device_name           = "/dev/sda1"
    volume_type           = "gp3"
    volume_size           = @DISK@
    iops                  = 3000
    throughput            = 125
    delete_on_termination = true
  }

  tags = {
    Name          = "@PREFIX@-@NAME@"
    "giban:image" = "@TAG@"
  }
}

build {
  sources = ["source.amazon-ebs.@LABEL@"]

  # Updates that the first start of a machine is busy with must be done before anything is installed.
  provisioner "shell" {
    inline = ["cloud-init status --wait"]
  }

  provisioner "shell" {
    script           = "@FOLDER@/install.sh"
    environment_vars = ["KUBERNETES=@KUBERNETES@", "VPN=@VPN@", "BAKE=yes"]
    execute_command  = "sudo env {{ .Vars }} bash {{ .Path }}"
  }

  # What makes a machine that machine does not belong into an image.
  provisioner "shell" {
    inline = [
      "sudo cloud-init clean --logs --machine-id",
      "sudo rm -f /etc/ssh/ssh_host_*_key /etc/ssh/ssh_host_*_key.pub /root/.ssh/authorized_keys",
      "rm -f /home/ubuntu/.ssh/authorized_keys",
    ]
  }
}
"""


def packer_template(env: Environment, name: str) -> None:
    """Lay the template beside the documents."""
    found = workstation(env, name)
    size = sizes_of(found)[0]
    values = {
        "NAME": name,
        "LABEL": name.replace("-", "_"),
        "PREFIX": env.prefix,
        "TAG": f"{env.prefix}/{name}",
        "REGION": env.region_name,
        "SIZE": size,
        "ARCH": debian_architecture(size),
        "DISK": str(found.system_disk),
        "CANONICAL": CANONICAL,
        "FOLDER": FOLDER,
        "KUBERNETES": found.kubernetes,
        "VPN": found.vpn,
    }
    text = TEMPLATE
    for key, value in values.items():
        text = text.replace(f"@{key}@", value)
    env.region.files["packer/plugins.pkr.hcl"] = PLUGINS
    env.region.files[f"packer/{name}.pkr.hcl"] = text
