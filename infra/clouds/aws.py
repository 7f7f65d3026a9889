"""Amazon Web Services: a Plan in; network, instance, elastic address, firewall and volume out."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from infra.machine.firewall import ANYWHERE
from infra.machine.host import Host, Plan
from infra.outputs import SSH_USER

_DEBIAN_ACCOUNT = "136693071363"
_DEVICE_PREFIX = "/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_"


def make(plan: Plan) -> Host:
    """Make the host."""
    settings = plan.settings
    cloud = aws.Provider(f"{plan.name}-aws", region=settings.region, opts=plan.plain())
    zone = _zone(plan, cloud)
    network = aws.ec2.Vpc(f"{plan.name}-network", cidr_block="10.80.0.0/24", opts=plan.plain(cloud))
    subnet = _subnet(plan, cloud, network, zone)
    instance = _instance(plan, cloud, subnet, _firewall(plan, cloud, network))
    address = aws.ec2.Eip(
        f"{plan.name}-address", domain="vpc", opts=_after(instance, plan.guarded(provider=cloud))
    )
    association = aws.ec2.EipAssociation(
        f"{plan.name}-address",
        allocation_id=address.id,
        instance_id=instance.id,
        opts=plan.plain(cloud),
    )
    volume = aws.ebs.Volume(
        f"{plan.name}-data",
        availability_zone=zone,
        size=plan.volume_gb_after(instance.id),
        type="gp3",
        encrypted=True,
        opts=plan.kept(cloud, "availabilityZone"),
    )
    attachment = aws.ec2.VolumeAttachment(
        f"{plan.name}-data",
        instance_id=instance.id,
        volume_id=volume.id,
        device_name="/dev/sdf",
        stop_instance_before_detaching=True,
        opts=plan.plain(cloud),
    )
    return Host(
        machine=instance.id,
        address=address.public_ip,
        ssh_user=SSH_USER,
        ssh_port=22,
        host_key=plan.keys.lasting_public,
        data_volume=volume.id,
        data_volume_device=volume.id.apply(lambda name: _DEVICE_PREFIX + name.replace("-", "")),
        ready=(association, attachment),
    )


def _zone(plan: Plan, cloud: aws.Provider) -> str:
    """Return a zone that the account sees and that has the size: not every region has an `a`.

    What stands in a zone stays there, even if another one comes first the next time.
    """
    settings = plan.settings
    found = aws.ec2.get_instance_type_offerings(
        filters=[
            aws.ec2.GetInstanceTypeOfferingsFilterArgs(name="instance-type", values=[settings.size])
        ],
        location_type="availability-zone",
        opts=pulumi.InvokeOptions(parent=plan.parent, provider=cloud),
    )
    zones: list[str] = sorted(found.locations)
    if not zones:
        raise pulumi.RunError(
            f"no zone of {settings.region} has the size {settings.size}; set another: "
            "pulumi config set size m7i-flex.large, or: pulumi config set region eu-west-1"
        )
    return zones[0]


def _after(machine: pulumi.Resource, options: pulumi.ResourceOptions) -> pulumi.ResourceOptions:
    """An address that is at no machine costs something, and a cloud may refuse the machine."""
    return pulumi.ResourceOptions.merge(options, pulumi.ResourceOptions(depends_on=[machine]))


def _subnet(plan: Plan, cloud: aws.Provider, network: aws.ec2.Vpc, zone: str) -> aws.ec2.Subnet:
    gateway = aws.ec2.InternetGateway(
        f"{plan.name}-gateway", vpc_id=network.id, opts=plan.plain(cloud)
    )
    routes = aws.ec2.RouteTable(
        f"{plan.name}-routes",
        vpc_id=network.id,
        routes=[aws.ec2.RouteTableRouteArgs(cidr_block=ANYWHERE, gateway_id=gateway.id)],
        opts=plan.plain(cloud),
    )
    subnet = aws.ec2.Subnet(
        f"{plan.name}-subnet",
        vpc_id=network.id,
        cidr_block="10.80.0.0/28",
        availability_zone=zone,
        opts=pulumi.ResourceOptions.merge(
            plan.plain(cloud), pulumi.ResourceOptions(ignore_changes=["availabilityZone"])
        ),
    )
    aws.ec2.RouteTableAssociation(
        f"{plan.name}-routes",
        subnet_id=subnet.id,
        route_table_id=routes.id,
        opts=plan.plain(cloud),
    )
    return subnet


def _firewall(plan: Plan, cloud: aws.Provider, network: aws.ec2.Vpc) -> aws.ec2.SecurityGroup:
    return aws.ec2.SecurityGroup(
        f"{plan.name}-firewall",
        vpc_id=network.id,
        description="Tapeline: what may come in",
        ingress=[
            aws.ec2.SecurityGroupIngressArgs(
                protocol="tcp",
                from_port=opening.port,
                to_port=opening.port,
                cidr_blocks=list(opening.sources),
                description=opening.name,
            )
            for opening in plan.openings
        ],
        egress=[
            aws.ec2.SecurityGroupEgressArgs(
                protocol="-1", from_port=0, to_port=0, cidr_blocks=[ANYWHERE]
            )
        ],
        opts=plan.plain(cloud),
    )


def _instance(
    plan: Plan, cloud: aws.Provider, subnet: aws.ec2.Subnet, firewall: aws.ec2.SecurityGroup
) -> aws.ec2.Instance:
    settings = plan.settings
    image = aws.ec2.get_ami_output(
        owners=[_DEBIAN_ACCOUNT],
        most_recent=True,
        filters=[aws.ec2.GetAmiFilterArgs(name="name", values=[settings.image])],
        opts=pulumi.InvokeOutputOptions(parent=plan.parent, provider=cloud),
    )
    return aws.ec2.Instance(
        f"{plan.name}-host",
        ami=image.id,
        instance_type=settings.size,
        subnet_id=subnet.id,
        vpc_security_group_ids=[firewall.id],
        user_data=plan.user_data(),
        root_block_device=aws.ec2.InstanceRootBlockDeviceArgs(
            volume_size=30, volume_type="gp3", encrypted=True
        ),
        # Containers are one hop further away: they cannot ask for the instance's metadata.
        metadata_options=aws.ec2.InstanceMetadataOptionsArgs(
            http_tokens="required", http_put_response_hop_limit=1
        ),
        disable_api_termination=settings.protect,
        opts=plan.guarded("ami", "userData", "userDataBase64", "keyName", provider=cloud),
    )
