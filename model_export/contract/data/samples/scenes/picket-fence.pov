// A white picket fence in front of a garden.
#include "common.inc"
camera { location <-2.4, 1.75, -5.2> look_at <0.35, 0.80, 0> angle 42 right x*4/3 }
light_source { <-40, 60, -50> rgb <1.0, 0.95, 0.86>*1.2 area_light x*3, y*3, 3, 3 adaptive 1 jitter }
sky_sphere {
  pigment { gradient y color_map { [0 RGB(206, 224, 240)] [0.4 RGB(110, 164, 220)] [1 RGB(60, 116, 196)] } }
  pigment { bozo turbulence 0.7 octaves 6 scale <0.5, 0.2, 0.5> color_map { [0 rgbt 1] [0.5 rgbt 1] [0.75 rgbt <1,1,1,0.2>] [1 rgbt <1,1,1,0>] } }
}
#declare White = texture {
  pigment { granite scale <0.3, 3, 0.3> color_map { [0 RGB(206, 202, 194)] [0.3 RGB(236, 235, 230)] [1 RGB(246, 246, 243)] } }
  normal { granite 0.08 scale <0.05, 0.8, 0.05> } finish { diffuse 0.85 specular 0.05 } }
#declare Seed = seed(11);
#declare I = -14;
#while (I < 26)
  #local H = 1.32 + 0.015*(rand(Seed) - 0.5);
  intersection {
    box { <-0.13, 0.03, -0.03>, <0.13, H, 0.03> }
    plane { <1, 0.8, 0>, 0 translate <0, H, 0> }
    plane { <-1, 0.8, 0>, 0 translate <0, H, 0> }
    texture { White translate <rand(Seed)*9, rand(Seed)*9, 0> }
    rotate z*(rand(Seed) - 0.5)*1.6
    translate <I*0.38, 0, 0>
  }
  #declare I = I + 1;
#end
box { <-6, 0.32, 0.03>, <11, 0.46, 0.09> texture { White rotate z*90 } }
box { <-6, 0.92, 0.03>, <11, 1.06, 0.09> texture { White rotate z*90 } }
#declare I = -2;
#while (I < 5)
  box { <-0.09, 0, 0.09>, <0.09, 1.2, 0.24> texture { White } translate x*(I*2.66 + 0.19) }
  #declare I = I + 1;
#end
plane { y, 0 pigment { bozo scale 0.4 turbulence 0.7 color_map { [0 RGB(52, 84, 28)] [1 RGB(88, 122, 46)] } } normal { bumps 0.6 scale 0.05 } }
// grass
#declare Blades = 26000;
mesh {
  #declare I = 0;
  #while (I < Blades)
    #local D = pow(rand(Seed), 1.3);
    #local P = <-4.5 + 13*rand(Seed), 0, -4.2 + 9.0*rand(Seed)>;
    #local H = 0.08 + 0.14*rand(Seed);
    #local A = 360*rand(Seed);
    #local Dir = vrotate(x, y*A);
    #local Lean = <rand(Seed) - 0.5, 0, rand(Seed) - 0.5>*0.16;
    triangle { P - Dir*0.011, P + Dir*0.011, P + y*H + Lean }
    #declare I = I + 1;
  #end
  pigment { bozo scale 0.35 turbulence 0.4 color_map { [0 RGB(66, 108, 32)] [0.6 RGB(104, 148, 50)] [1 RGB(150, 174, 78)] } }
  finish { diffuse 0.85 }
}
// bushes behind, loose clouds of leaves
#declare f_bush = function { 0.55*f_noise(x*1.2, y*1.2, z*1.2) + 0.28*f_noise(x*3.4, y*3.4, z*3.4) + 0.2*f_noise(x*10, y*10, z*10) }
isosurface {
  function { sqrt(pow(x/13, 2) + pow(y/2.25, 2) + pow((z - 5.4)/2.0, 2)) - 0.62 - 0.55*f_bush(x, y, z) }
  contained_by { box { <-9, 0, 3.3>, <14, 2.7, 8> } } max_gradient 2.2 accuracy 0.01
  pigment { bozo scale 0.16 turbulence 0.8 color_map { [0 RGB(22, 46, 16)] [0.5 RGB(52, 88, 32)] [1 RGB(96, 132, 54)] } }
  normal { bumps 1.2 scale 0.09 } finish { diffuse 0.85 }
}
